"""Make a fresh Debian or Ubuntu machine ready: system libraries, .venv, packages.

`python3 tools/bootstrap.py EXTRAS` with nothing but Python 3.11+. What is there
already is left alone; what may not be installed is named with the exact command.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
CONSTRAINTS = ROOT / "constraints.txt"
OLDEST_PYTHON = (3, 11)

# Shared library that Qt 6, OpenGL or the virtual display loads -> Debian package.
PACKAGE_OF_LIBRARY = {
    "GL": "libgl1",
    "EGL": "libegl1",
    "fontconfig": "libfontconfig1",
    "dbus-1": "libdbus-1-3",
    "glib-2.0": "libglib2.0-0",
    "xkbcommon-x11": "libxkbcommon-x11-0",
    "xcb-cursor": "libxcb-cursor0",
    "xcb-icccm": "libxcb-icccm4",
    "xcb-image": "libxcb-image0",
    "xcb-keysyms": "libxcb-keysyms1",
    "xcb-randr": "libxcb-randr0",
    "xcb-render-util": "libxcb-render-util0",
    "xcb-shape": "libxcb-shape0",
    "xcb-xinerama": "libxcb-xinerama0",
    "xcb-xfixes": "libxcb-xfixes0",
}
PACKAGES_OF_COMMAND = {"xvfb-run": ("xvfb", "xauth"), "Xvfb": ("xvfb",)}
OLD_NAMES = {"libglib2.0-0": "libglib2.0-0t64"}

log = logging.getLogger("bootstrap")


def missing_system_packages() -> list[str]:
    """Return the Debian packages that this machine still needs."""
    missing = {
        package
        for library, package in PACKAGE_OF_LIBRARY.items()
        if ctypes.util.find_library(library) is None
    }
    if not has_software_opengl():
        missing.add("libgl1-mesa-dri")
    for command, packages in PACKAGES_OF_COMMAND.items():
        if shutil.which(command) is None:
            missing.update(packages)
    if not VENV.exists() and not can_make_venv():
        missing.add(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
    return sorted(missing)


def has_software_opengl() -> bool:
    """Tell whether Mesa's drivers are there; a virtual display needs them."""
    return any(Path("/usr/lib").glob("*/dri/*swrast*")) or any(
        Path("/usr/lib").glob("*/libgallium*")
    )


def can_make_venv() -> bool:
    """Tell whether Python can make a virtual environment with pip in it."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


def install_system_packages(packages: list[str]) -> None:
    """Install with apt when that is allowed, else say the command and stop."""
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        sys.exit(
            "These system packages (Debian names) are missing: "
            f"{' '.join(packages)}. Install them with your package manager and "
            "run the same command again."
        )
    prefix: list[str] = []
    if os.geteuid() != 0:
        prefix = ["sudo", "-n"]
        if shutil.which("sudo") is None or subprocess.run([*prefix, "true"]).returncode:
            sys.exit(
                "Some system libraries are missing and need an administrator. Run\n\n"
                f"    sudo {' '.join(command)}\n\nand then the same command again."
            )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    log.info("Installing system packages: %s", " ".join(packages))
    subprocess.run([*prefix, "apt-get", "update"], check=False, env=environment)
    if subprocess.run([*prefix, *command], env=environment).returncode:
        renamed = [OLD_NAMES.get(word, word) for word in command]
        subprocess.run([*prefix, *renamed], check=True, env=environment)


def install_python_packages(extras: str) -> None:
    """Make `.venv` and install the project in it, once per state of its files."""
    fingerprint = hashlib.sha256(
        b"".join(
            path.read_bytes()
            for path in (ROOT / "pyproject.toml", ROOT / "napari.yaml", CONSTRAINTS)
        )
        + extras.encode()
    ).hexdigest()
    stamp = VENV / f"ready-{extras.replace(',', '-') or 'base'}"
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    python = VENV / "bin" / "python"
    if not python.exists():
        log.info("Making %s", VENV)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    # The pip that distributions bundle misses releases with newer metadata.
    subprocess.run([*pip, "install", "--quiet", "--upgrade", "pip>=24"], check=True)
    target = f"{ROOT}[{extras}]" if extras else str(ROOT)
    log.info("Installing Python packages (some minutes the first time)")
    subprocess.run(
        [*pip, "install", "--quiet", "-c", str(CONSTRAINTS), "-e", target], check=True
    )
    stamp.write_text(fingerprint)


def main() -> None:
    """Do what is missing, in order."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        sys.exit(
            f"Python {wanted} or newer is needed, this is "
            f"{sys.version.split()[0]}. Name another one: make PYTHON=python3.12 ..."
        )
    if sys.platform.startswith("linux") and (packages := missing_system_packages()):
        install_system_packages(packages)
    install_python_packages(sys.argv[1] if len(sys.argv) > 1 else "")


if __name__ == "__main__":
    main()

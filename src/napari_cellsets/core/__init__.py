"""The words everybody speaks: images, annotations, samples, errors, cancelling.

numpy and the standard library, plus the evented base model (pydantic and
psygnal). Every other room may import from here; this room imports no other.
"""

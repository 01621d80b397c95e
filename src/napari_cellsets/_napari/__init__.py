"""Glue that knows napari but not Qt: sessions, layers, reader, writer, sample data."""

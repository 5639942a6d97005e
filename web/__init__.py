"""What portal and console share: the ASGI middleware of every request, forms, rendered pages."""

"""What portal and console share: the shield around every request, forms, and rendered pages."""

"""Keys and their uses: payload codec, sealed passwords, PINs, columns; and log redaction.

Nothing here uses a database or a network: key files are all that is needed.
"""

"""Keys and what is done with them: payload codec, sealed passwords, PINs, columns, log redaction.

No store is ever asked: everything works from the key files alone.
"""

"""`activation doctor`: looks at all that an activation needs, and says of each what to do.

One module a part. A check yields findings; one that cannot go on yields why, and the others go on.
"""

"""Calls of the hot path, answered without a task, a future and a message object of their own.

`server.py` takes them out of what the native transport hands over, `reading.py` has those of one
moment answered by one question to the store, `columns.py` writes the answers as bytes. Whatever is
out of the ordinary (a field that is refused, a network that is being rolled out, a store that is
lost) goes the way that every other call goes, through the servicers.
"""

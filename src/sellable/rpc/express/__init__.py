"""Calls of the hot path, answered without most of what a transport keeps of each call.

`server.py` takes them out of what the native transport hands over (`events.py`). Reads of one
moment are put together and answered by one question to the store (`batches.py`, `reading.py`), from
the bytes of the requests (`requests.py`) to those of the answers (`columns.py`). Whatever is out of
the ordinary (a field that is refused, a network that is being rolled out, a store that is lost)
goes the way that every other call goes, through the servicers. Calls on reservations go to their
servicer one by one, with less around each (`direct.py`).
"""

"""Protos to values and back: one module a service; here the protos stop and every field is checked.

A request becomes a value only if all of it is good; otherwise `InvalidFields` lists every
violation, by field path and with what is allowed. Rows of feeds are the exception: a bad row
becomes its own answer and does not keep the others from being applied.
"""

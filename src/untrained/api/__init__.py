"""The library from Python.

* `verbs`: one function for each task, from input to result
* `deepinv`: the adapter for deepinv
"""

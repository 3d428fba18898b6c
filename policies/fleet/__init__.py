"""Judges thousands of stacks, plans or states: by many processes, in bounded memory, and on from where a run ended.

`inputs` says what there is to judge; an engine (`processes`, `dask_cluster`) has workers judge it (`worker`), each
input to a `part`; the `folder` keeps parts from run to run; `merge` makes one result, and `outputs` writes it.
"""

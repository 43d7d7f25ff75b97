"""Benches: what the ledger costs, each time against a baseline that ran in the same minute on the same disk.

``append``  statements admitted per second   ÷ bare eventsourcing, ÷ plain INSERTs
``view``    a clinician's first page         ÷ one INSERT and one SELECT of the same rows
``http``    a write and a view over HTTP     ÷ a plain FastAPI endpoint with one INSERT
``proof``   a receipt from a large log       ÷ one indexed SELECT; an admission there ÷ one to a small log

Absolute numbers are the machine's; what is promised is the ratio. A bench therefore runs its contenders in
turn, window after window, and gives the median of the ratios within each round: a neighbour who takes the
processor for a second disturbs one round, and both sides of it. Everything is durable: a PostgreSQL of the
bench's own on a real disk, ``fsync`` and ``synchronous_commit`` on, over unix sockets.

Each bench is a function ``run(…) -> dict``; what it promises is under names that begin with ``ratio_``.
"""

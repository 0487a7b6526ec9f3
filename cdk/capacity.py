"""Python and memory of the functions, and limits that no setting changes.

Standard library only: bench/cost.py and the command line must not load the CDK for them.
"""

LAMBDA_PYTHON = "3.13"
# Lambda scales CPU with memory. The worker imports LangChain, which takes a second of CPU at 1 GB;
# the others mostly wait for DynamoDB, but half a vCPU keeps their cold starts short.
WORKER_MEMORY_MB = 1024
ROUTES_MEMORY_MB = 896
HISTORY_MEMORY_MB = 896
# A document of 80 MB unzipped, parsed in a child process; more CPU shortens the wait for it.
READER_MEMORY_MB = 2048
# Of an upload: the reader's memory and time are enough for no larger one.
MAX_DOCUMENT_MEGABYTES = 50
# Of the throttle of history requests: a search can read some megabytes of the table.
SEARCH_SHARE = 0.1

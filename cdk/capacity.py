"""Python and memory of the functions.

Standard library only: bench/cost.py and the command line must not load the CDK for them.
"""

LAMBDA_PYTHON = "3.13"
# Lambda scales CPU with memory. The worker imports LangChain, which takes a second of CPU at 1 GB;
# the others mostly wait for DynamoDB, but half a vCPU keeps their cold starts short.
WORKER_MEMORY_MB = 1024
ROUTES_MEMORY_MB = 896
HISTORY_MEMORY_MB = 896

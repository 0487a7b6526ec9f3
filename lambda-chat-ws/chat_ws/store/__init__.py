"""The items that the chat writes to DynamoDB: turns, leases, quota counters."""

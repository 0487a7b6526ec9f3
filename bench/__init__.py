"""What the chat takes: measurements that anyone can repeat, on this machine, without AWS."""

"""What tests share beside fixtures of data: processes, and the account of processor time."""

"""The proofs of provisioning: kill -9 at every boundary, every fault at every call, and chaos; each is a program and a test."""

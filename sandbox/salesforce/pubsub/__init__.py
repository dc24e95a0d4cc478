"""The Pub/Sub API: a server of its own, over the event log that the REST API and the Flow write too."""

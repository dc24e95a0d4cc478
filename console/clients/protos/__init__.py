"""The wire messages of Salesforce Pub/Sub: `pubsub.proto` and what is generated from it."""

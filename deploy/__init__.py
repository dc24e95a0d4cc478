"""Starting the whole console on one machine: the demo, its people, and a player of the main journey."""

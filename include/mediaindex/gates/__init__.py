"""What may go on by itself, and what a person should look at."""

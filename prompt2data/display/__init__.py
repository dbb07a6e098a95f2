"""What is shown while something runs, and how text and figures look."""

"""One prompt to one text: the prompt, the batch, the random stream, the next token."""

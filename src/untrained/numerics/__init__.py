"""Mathematics on torch tensors that knows no picture and no problem."""

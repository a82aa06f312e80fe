"""Plugins: what is installed, what each adds, how it is; switched, loaded again, written anew."""

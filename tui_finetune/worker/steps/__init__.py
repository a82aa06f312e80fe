"""The steps of a job, a file each."""

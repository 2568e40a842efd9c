"""What concerns the process as a whole: forks, threads, its end, its files, its environment."""

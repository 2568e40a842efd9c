"""Process-wide concerns: forks, threads, exit, files, environment variables."""

"""The function that gives the application's database user a new password every 30 days."""

"""Who is told of verdicts and promotions: the notification, and its delivery."""

"""Messages to series: threads, postings, versions, replies and review comments; pure."""

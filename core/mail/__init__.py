"""Raw bytes to messages: headers, MIME parts, bodies, trailers and subjects; pure."""

"""Senders of messages: SMS gateways over HTTP, and mail over one relay."""

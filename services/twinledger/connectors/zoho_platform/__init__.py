"""What the Zoho connectors share: data centres, OAuth, the finance products' way of answering."""

"""The Slack bot: deliveries checked, kept and acknowledged, then answered from a queue. Loaded only where set up."""

"""The sandbox: simulators of FreshBooks and Zoho, beside the road. Imports nothing else of twinledger."""

"""The application of the transaction API: takes transactions in, and gives them and their receipts back."""

"""The customer portal's service: what an instance behind the load balancer runs."""

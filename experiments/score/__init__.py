"""Score: enhanced images become numbers, one module a family of metrics."""

"""Who answers, and how a session is asked of each service.

Imports `protocol` and `tools`.
"""

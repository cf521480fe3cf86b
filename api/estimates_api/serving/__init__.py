"""What keeps the service going between requests: following the catalog, opening versions, report
workers.
"""

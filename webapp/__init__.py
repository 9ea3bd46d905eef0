"""The page and what stands behind it; `webapp.engine` and `webapp.broker` are processes of their own."""

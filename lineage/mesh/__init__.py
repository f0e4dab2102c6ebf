"""The map of the mesh: domains as areas, products and ports inside them, drawn by the server.

`ground` reads and lays out the areas, `tiles` what is inside one of them, `picture` puts together what an address
asks for within the node budget, `svg` writes it down. The geography depends on what the viewer may see and on nothing
else: opening an area or choosing another lens moves nothing.
"""

"""What learners play with: each widget is a `View`, which the kernel draws and the page shows.

They are imported where they are used (`from prompt2data.widgets.playground import SamplingPlayground`), so that
importing the package stays light.
"""

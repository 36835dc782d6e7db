"""Early warning on made series: goals that are missed, slow slides, and inputs that move before what they lead to."""

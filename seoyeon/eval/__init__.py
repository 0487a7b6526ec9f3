"""Evaluation of a deployment's answers by rules: items, asking, statistics, reports."""

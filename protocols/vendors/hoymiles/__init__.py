"""Hoymiles HM, HMS, HMT and MIT over the radio protocol of their DTUs: see README.md in this folder."""

"""What does high-trust purchasing cost against adversarial purchasing, for whom, when, and why?"""

__version__ = "0.1.0"

"""The onboarding of a company (入职), with a test suite that needs no company."""

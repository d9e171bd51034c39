select data_through
from pipeline.progress

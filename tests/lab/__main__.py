import sys

from tests.lab.namespace import main

sys.exit(main(sys.argv[1:]))

"""The Pub/Sub messages, generated from sandbox_pubsub.proto into a descriptor pool of their own.

A pool of its own, because the package `eventbus.v1` may be registered only once in the default one, and a client's test may run in the
same process. To generate anew, in this folder:

    python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. sandbox_pubsub.proto
    sed -i 's/_descriptor_pool.Default()/_descriptor_pool.DescriptorPool()/' sandbox_pubsub_pb2.py
    sed -i 's/^import sandbox_pubsub_pb2/from sandbox.salesforce.protos import sandbox_pubsub_pb2/' sandbox_pubsub_pb2_grpc.py
"""
